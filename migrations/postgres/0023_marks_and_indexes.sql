-- How rules fare ----------------------------------------------------------------------------------------------------------

-- When the last was heard of the rule in force, in ms by the machine's clock: what was heard before says nothing any more.
ALTER TABLE binding ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;

-- Few among many ----------------------------------------------------------------------------------------------------------

-- Who was told of an attribute, for a column of it in the frame.
CREATE INDEX attribute_value_of_key ON attribute_value (agency_id, key, customer_id);
-- Campaigns that are over stay for good, and few are not over.
CREATE INDEX campaign_running ON campaign (agency_id, priority) WHERE state = 'running';
CREATE INDEX campaign_open ON campaign (agency_id, key) WHERE state NOT IN ('ended', 'evaluated');
-- Codes with which anything was done: of most of a batch nothing ever is.
CREATE INDEX coupon_touched ON coupon (agency_id, batch_id) WHERE held > 0 OR used > 0 OR revoked_at IS NOT NULL;
