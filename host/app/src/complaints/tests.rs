//! Cases, from what somebody has to say to what puts it right.
