CREATE SCHEMA reporting;
CREATE SCHEMA value_stream;
CREATE SCHEMA billing;
