-- A rule that keeps failing, or keeps taking more of a quote's time than others can spare, and has no older revision to give way to: why it
-- is not asked, until when by the machine's clock, and how often that was said since it last answered well. `costly` counts the quotes in
-- a row in which it took that much.
ALTER TABLE binding ADD COLUMN set_aside_until BIGINT;
ALTER TABLE binding ADD COLUMN set_aside_why TEXT COLLATE "C" CHECK (set_aside_why IN ('failing', 'costing'));
ALTER TABLE binding ADD COLUMN set_asides BIGINT NOT NULL DEFAULT 0;
ALTER TABLE binding ADD COLUMN costly BIGINT NOT NULL DEFAULT 0;
-- Why a host could not open the plugin when it last tried; null where it could.
ALTER TABLE plugin ADD COLUMN unopened TEXT COLLATE "C";
