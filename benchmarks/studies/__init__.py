"""The comparison of studies: every recreate engine that is installed on the same photos, in one table."""
