-- What a quote answered, compressed: it says the same things over and over, and is written with every quote. Quotes of earlier versions
-- have theirs in `answer`, which is empty from now on.
ALTER TABLE quote ADD COLUMN document BYTEA;
