-- What a host opens at its start -------------------------------------------------------------------------------------------

-- Which plugins decide somewhere is read as it stands: there are no roles here.
SELECT 1;
