//! The unique keys whose violation says something to whoever wrote.

/// A unique key of a table, by what each engine calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniqueKey {
    /// PostgreSQL's name of the constraint or index.
    name: &'static str,
    /// What SQLite says failed: its columns.
    columns: &'static str,
}

impl UniqueKey {
    /// Whether this is what an engine reported.
    pub(crate) fn is(self, constraint: &str) -> bool {
        constraint == self.name || constraint.strip_prefix("UNIQUE constraint failed: ") == Some(self.columns)
    }
}

/// An agency's slug.
pub const SLUG: UniqueKey = UniqueKey {
    name: "agency_slug_key",
    columns: "agency.slug",
};

/// A campaign's key.
pub const CAMPAIGN_KEY: UniqueKey = UniqueKey {
    name: "campaign_agency_id_key_key",
    columns: "campaign.agency_id, campaign.key",
};

/// The place in line of a campaign in force.
pub const PRIORITY: UniqueKey = UniqueKey {
    name: "campaign_priority",
    columns: "campaign.agency_id, campaign.priority",
};

/// The open amendment of a campaign.
pub const OPEN_AMENDMENT: UniqueKey = UniqueKey {
    name: "campaign_amendment_open",
    columns: "campaign_amendment.agency_id, campaign_amendment.campaign_id",
};

/// The import of a file that is not over.
pub const ACTIVE_IMPORT: UniqueKey = UniqueKey {
    name: "import_job_active",
    columns: "import_job.agency_id, import_job.kind, import_job.digest, import_job.mapping_digest, import_job.dry_run",
};

/// A quote.
pub const QUOTE_ID: UniqueKey = UniqueKey {
    name: "quote_pkey",
    columns: "quote.agency_id, quote.id",
};

/// The e-mail address of a person of the staff.
pub const STAFF_EMAIL: UniqueKey = UniqueKey {
    name: "staff_agency_id_email_key",
    columns: "staff.agency_id, staff.email",
};

/// The name of a branch.
pub const BRANCH_NAME: UniqueKey = UniqueKey {
    name: "branch_agency_id_name_form_key",
    columns: "branch.agency_id, branch.name_form",
};
