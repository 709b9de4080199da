-- Which bindings name a plugin: asked before it is deleted, by the host and by the foreign key.
CREATE INDEX binding_revision_of_plugin ON binding_revision (agency_id, digest);
