"""The tables of a destination's state, in SQL that makes what is missing: a state of an older version gets the columns it lacks."""

TABLES = """
CREATE TABLE IF NOT EXISTS state.acknowledged (audience VARCHAR, external_id VARCHAR, customer_key VARCHAR, operation VARCHAR,
    payload_hash VARCHAR, acknowledged_at TIMESTAMP);
ALTER TABLE state.acknowledged ADD COLUMN IF NOT EXISTS remote_id VARCHAR;
ALTER TABLE state.acknowledged ADD COLUMN IF NOT EXISTS coarse_hash VARCHAR;
ALTER TABLE state.acknowledged ADD COLUMN IF NOT EXISTS address_hash VARCHAR;
ALTER TABLE state.acknowledged ADD COLUMN IF NOT EXISTS pseudonym VARCHAR;
CREATE TABLE IF NOT EXISTS state.dead_letters (audience VARCHAR, external_id VARCHAR, payload_hash VARCHAR, code VARCHAR,
    first_seen_at TIMESTAMP, attempts INTEGER);
ALTER TABLE state.dead_letters ADD COLUMN IF NOT EXISTS address_hash VARCHAR;
ALTER TABLE state.dead_letters ADD COLUMN IF NOT EXISTS tried_at TIMESTAMP;
CREATE TABLE IF NOT EXISTS state.absent (audience VARCHAR, external_id VARCHAR, address_hash VARCHAR, asked_at TIMESTAMP, times INTEGER);
CREATE TABLE IF NOT EXISTS state.under_way (audience VARCHAR, external_id VARCHAR, customer_key VARCHAR);
ALTER TABLE state.under_way ADD COLUMN IF NOT EXISTS address_hash VARCHAR;
ALTER TABLE state.under_way ADD COLUMN IF NOT EXISTS left_at TIMESTAMP;
CREATE TABLE IF NOT EXISTS state.jobs (audience VARCHAR, job VARCHAR, number INTEGER, external_id VARCHAR, customer_key VARCHAR,
    remote_id VARCHAR, operation VARCHAR, payload_hash VARCHAR, coarse_hash VARCHAR);
ALTER TABLE state.jobs ADD COLUMN IF NOT EXISTS address_hash VARCHAR;
ALTER TABLE state.jobs ADD COLUMN IF NOT EXISTS moved BOOLEAN;
ALTER TABLE state.jobs ADD COLUMN IF NOT EXISTS pseudonym VARCHAR;
CREATE TABLE IF NOT EXISTS state.suppressed (audience VARCHAR, external_id VARCHAR, code VARCHAR);
CREATE TABLE IF NOT EXISTS state.kept (audience VARCHAR, external_id VARCHAR);
CREATE TABLE IF NOT EXISTS state.attempts (destination VARCHAR, audience VARCHAR, customer_key VARCHAR, external_id VARCHAR,
    outcome VARCHAR, code VARCHAR, release_id VARCHAR, attempted_at TIMESTAMP);
ALTER TABLE state.attempts ADD COLUMN IF NOT EXISTS operation VARCHAR;
CREATE TABLE IF NOT EXISTS state.log_part (name VARCHAR);
CREATE TABLE IF NOT EXISTS state.disabled (address VARCHAR, since TIMESTAMP);
CREATE TABLE IF NOT EXISTS state.distributions (audience VARCHAR, field VARCHAR, bin INTEGER, customers BIGINT);
CREATE TABLE IF NOT EXISTS state.written (audience VARCHAR, name VARCHAR, kind VARCHAR);
CREATE TABLE IF NOT EXISTS state.place (type VARCHAR, address VARCHAR);
CREATE TABLE IF NOT EXISTS state.salt (value VARCHAR);
CREATE TABLE IF NOT EXISTS state.complete (audience VARCHAR, arrived_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS state.compared (audience VARCHAR, compared_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS state.to_forget (audience VARCHAR, external_id VARCHAR);
ALTER TABLE state.to_forget ADD COLUMN IF NOT EXISTS remote_id VARCHAR;
ALTER TABLE state.to_forget ADD COLUMN IF NOT EXISTS customer_key VARCHAR;
ALTER TABLE state.to_forget ADD COLUMN IF NOT EXISTS left_at TIMESTAMP;
"""
