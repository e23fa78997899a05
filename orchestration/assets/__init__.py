"""The Dagster assets: thin glue between the stages, in the order of a night."""
