-- Nothing: SQLite has no policies. Whose rows a statement sees stands in its text.
SELECT 1;
