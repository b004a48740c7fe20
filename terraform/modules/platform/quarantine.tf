# Quarantine as a table: what could not go on, with its reasons; payloads are personal data, so access is the bucket's.

resource "aws_glue_catalog_database" "quarantine" {
  name        = "${replace(local.prefix, "-", "_")}_quarantine"
  description = "what could not go on, as tables for Athena"

  tags = local.tags
}

resource "aws_glue_catalog_table" "quarantine" {
  name          = "record"
  database_name = aws_glue_catalog_database.quarantine.name
  description   = "One row per record, stage and run that rejected it; docs/runbooks/replay-quarantine.md"
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
    "storage.location.template" = "s3://${local.name.bucket.quarantine}/records/stage=$${stage}/dataset=$${dataset}/date=$${date}/"
  }

  dynamic "partition_keys" {
    for_each = ["stage", "dataset", "date"]

    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = "s3://${local.name.bucket.quarantine}/records/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    ser_de_info {
      serialization_library = "org.openx.data.jsonserde.JsonSerDe"
    }

    dynamic "columns" {
      for_each = {
        record_id        = "string"
        source           = "string"
        contract         = "string"
        contract_version = "string"
        received_at      = "string"
        format           = "string"
        payload          = "string"
        origin           = "string"
        reasons          = "array<struct<pointer:string,rule:string,message:string>>"
        run_id           = "string"
        replay_of        = "string"
        fix              = "string"
      }

      content {
        name = columns.key
        type = columns.value
      }
    }
  }
}
