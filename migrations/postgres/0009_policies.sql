-- Walls ---------------------------------------------------------------------------------------------------------------

-- Whose rows a transaction may see is asked once for each statement, not for every row.
DO $$
DECLARE wall record;
BEGIN
    FOR wall IN
        SELECT tablename, CASE tablename WHEN 'agency' THEN 'id' ELSE 'agency_id' END AS whose
        FROM pg_policies WHERE schemaname = current_schema() AND policyname = 'own_rows'
    LOOP
        EXECUTE format('ALTER POLICY own_rows ON %I USING (%I = (SELECT current_setting(''posthouse.agency'')::uuid))',
            wall.tablename, wall.whose);
    END LOOP;
END $$;
