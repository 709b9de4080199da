-- Members in lists: by what they have to spend, of all, of a tier, of those who owe, and of those who do not take part any more; and of whom
-- something expires soon.
CREATE INDEX member_by_points ON member (agency_id, available, customer_id);
CREATE INDEX member_by_tier_and_points ON member (agency_id, tier, available, customer_id);
CREATE INDEX member_owing ON member (agency_id, available, customer_id) WHERE owed > 0;
CREATE INDEX member_not_active ON member (agency_id, state, available, customer_id) WHERE state <> 'active';
CREATE INDEX points_lot_expiring ON points_lot (agency_id, until_on, customer_id) WHERE wallet = 'points' AND waits IS NULL AND rest > 0;
