-- One role and one schema per service in the current database; a script for psql, and it may run
-- again. A password is taken from the environment where one is set: CUESTREAM_<SERVICE>_PASSWORD.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
-- Two of us at once would change the same rows of the catalogue; held until psql ends.
SELECT pg_advisory_lock(hashtext('cuestream roles')) \g /dev/null

CREATE FUNCTION pg_temp.make_room(service text, secret text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', service);
    EXECUTE format('ALTER ROLE %I SET search_path = %I', service, service);
  END IF;
  IF secret <> '' THEN
    EXECUTE format('ALTER ROLE %I PASSWORD %L', service, secret);
  END IF;
  EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), service);
  -- An owner that is no superuser must be a member of the role to give it a schema.
  EXECUTE format('GRANT %I TO CURRENT_USER', service);
  EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, service);
END $$;

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()) \gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;

\set secret ''
\getenv secret CUESTREAM_INGEST_PASSWORD
SELECT pg_temp.make_room('ingest', :'secret') \g /dev/null
\set secret ''
\getenv secret CUESTREAM_SCORING_PASSWORD
SELECT pg_temp.make_room('scoring', :'secret') \g /dev/null
\set secret ''
\getenv secret CUESTREAM_ORCHESTRATOR_PASSWORD
SELECT pg_temp.make_room('orchestrator', :'secret') \g /dev/null
\set secret ''
\getenv secret CUESTREAM_DISPATCHER_PASSWORD
SELECT pg_temp.make_room('dispatcher', :'secret') \g /dev/null
