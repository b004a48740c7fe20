# The warehouse is a module of its own; here is what jobs need to reach it.

module "warehouse" {
  source = "../warehouse"
  count  = var.settings.warehouse == null ? 0 : 1

  name               = local.prefix
  database           = local.listed.warehouse.database
  role_name          = local.role_name.warehouse
  kms_key_arn        = aws_kms_key.this.arn
  read_bucket_arns   = [local.arn.bucket.curated]
  alarm_topic_arn    = local.arn.topic.alert
  log_retention_days = var.settings.log_retention_days
  settings           = var.settings.warehouse
  tags               = local.tags
}

locals {
  warehouse_settings = try(module.warehouse[0].settings, var.warehouse_settings)
  warehouse_login    = try(module.warehouse[0].login_statements, [])
}
