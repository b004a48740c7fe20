# Quarantine as a table: what could not go on, with its reasons; payloads are personal data, so access is the bucket's.

locals {
  quarantine = local.listed.external_table.record
  location   = "s3://${local.name.bucket[local.quarantine.bucket]}/${local.quarantine.folder}"
}

resource "aws_glue_catalog_database" "quarantine" {
  name        = "${replace(local.prefix, "-", "_")}_quarantine"
  description = "what could not go on, as tables for Athena"

  tags = local.tags
}

resource "aws_glue_catalog_table" "quarantine" {
  name          = "record"
  database_name = aws_glue_catalog_database.quarantine.name
  description   = local.quarantine.description
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    classification              = "json"
    "projection.enabled"        = "true"
    "projection.stage.type"     = "enum"
    "projection.stage.values"   = "ingest_stream,ingest_batch,replay_quarantine,clean_raw"
    "projection.dataset.type"   = "enum"
    "projection.dataset.values" = join(",", concat(local.listed.database.clean, ["unknown"]))
    "projection.date.type"      = "date"
    "projection.date.format"    = "yyyy-MM-dd"
    "projection.date.range"     = "2026-01-01,NOW"
    "storage.location.template" = "${local.location}/${join("/", [for key in local.quarantine.partition_keys : "${key}=$${${key}}"])}/"
  }

  dynamic "partition_keys" {
    for_each = local.quarantine.partition_keys

    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = "${local.location}/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.openx.data.jsonserde.JsonSerDe"
    }

    dynamic "columns" {
      for_each = local.quarantine.columns

      content {
        name = columns.key
        type = columns.value
      }
    }
  }
}
