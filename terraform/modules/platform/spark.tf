# The engine Spark: how it finds the Iceberg catalog, and where it keeps its steps. For duckdb there is none of it.

locals {
  is_spark = var.settings.engine == "spark"

  # Static settings, which a running session takes no more. cdp/engines/spark.py knows the catalog as `lake`.
  spark_conf = {
    "spark.sql.catalog.lake"              = "org.apache.iceberg.spark.SparkCatalog"
    "spark.sql.catalog.lake.catalog-impl" = "org.apache.iceberg.aws.glue.GlueCatalog"
    "spark.sql.catalog.lake.io-impl"      = "org.apache.iceberg.aws.s3.S3FileIO"
    "spark.sql.catalog.lake.warehouse"    = "s3://${local.name.bucket.curated}/"
  }

  spark_argument = { for name, value in {
    "--conf"                = join(" --conf ", [for name, value in local.spark_conf : "${name}=${value}"])
    "--enable-auto-scaling" = "true"
  } : name => value if local.is_spark }

  # Each job has a folder of its own, so that none removes another's steps; the bucket's lifecycle takes what a killed job left.
  spark_folder = { for key, _ in local.listed.job : "job-${key}" => "work/${key}" if local.is_spark }

  spark_grant = { for key, folder in local.spark_folder : key => [
    { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.arn.bucket.curated] },
    { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], Resource = ["${local.arn.bucket.curated}/${folder}/*"] },
  ] }
}
