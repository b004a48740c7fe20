# Redshift, Serverless or provisioned: encrypted, private, audited; its administrator's password is in Secrets Manager
# and made, kept and rotated by Redshift.

locals {
  serverless  = var.settings.kind == "serverless" ? { this = var.settings } : {}
  provisioned = var.settings.kind == "provisioned" ? { this = var.settings } : {}
  loader      = "cdp_loader" # the cluster's user that jobs log in as
  role_arn    = "arn:${local.partition}:iam::${local.account}:role/${var.role_name}"
}

resource "aws_iam_role" "this" {
  name = var.role_name

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"] }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "this" {
  name = "platform"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:ListBucket", "s3:GetBucketLocation"], Resource = var.read_bucket_arns },
      { Effect = "Allow", Action = ["s3:GetObject"], Resource = [for arn in var.read_bucket_arns : "${arn}/warehouse_loads/*"] },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.kms_key_arn] },
    ]
  })
}

resource "aws_redshiftserverless_namespace" "this" {
  for_each = local.serverless

  namespace_name                   = var.name
  db_name                          = var.database
  admin_username                   = "cdp_admin"
  manage_admin_password            = true
  admin_password_secret_kms_key_id = var.kms_key_arn
  kms_key_id                       = var.kms_key_arn
  iam_roles                        = [aws_iam_role.this.arn]
  default_iam_role_arn             = aws_iam_role.this.arn
  log_exports                      = ["connectionlog", "useractivitylog", "userlog"]

  tags = var.tags
}

resource "aws_redshiftserverless_workgroup" "this" {
  for_each = local.serverless

  workgroup_name       = var.name
  namespace_name       = aws_redshiftserverless_namespace.this[each.key].namespace_name
  base_capacity        = each.value.base_capacity
  max_capacity         = each.value.max_capacity
  publicly_accessible  = false
  enhanced_vpc_routing = true
  subnet_ids           = aws_subnet.private[*].id
  security_group_ids   = [aws_security_group.this["warehouse"].id]

  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "true"
  }

  tags = var.tags
}

resource "aws_redshift_subnet_group" "this" {
  for_each = local.provisioned

  name       = var.name
  subnet_ids = aws_subnet.private[*].id

  tags = var.tags
}

resource "aws_redshift_parameter_group" "this" {
  for_each = local.provisioned

  name   = var.name
  family = "redshift-2.0"

  parameter {
    name  = "require_ssl"
    value = "true"
  }

  parameter {
    name  = "enable_user_activity_logging"
    value = "true"
  }

  tags = var.tags
}

resource "aws_redshift_cluster" "this" {
  #checkov:skip=CKV_AWS_71:aws_redshift_logging.this sends the audit logs to CloudWatch
  for_each = local.provisioned

  cluster_identifier                  = var.name
  database_name                       = var.database
  node_type                           = each.value.node_type
  number_of_nodes                     = each.value.number_of_nodes
  cluster_type                        = each.value.number_of_nodes > 1 ? "multi-node" : "single-node"
  master_username                     = "cdp_admin"
  manage_master_password              = true
  master_password_secret_kms_key_id   = var.kms_key_arn
  encrypted                           = true
  kms_key_id                          = var.kms_key_arn
  publicly_accessible                 = false
  enhanced_vpc_routing                = true
  cluster_subnet_group_name           = aws_redshift_subnet_group.this[each.key].name
  cluster_parameter_group_name        = aws_redshift_parameter_group.this[each.key].name
  vpc_security_group_ids              = [aws_security_group.this["warehouse"].id]
  iam_roles                           = [aws_iam_role.this.arn]
  default_iam_role_arn                = aws_iam_role.this.arn
  preferred_maintenance_window        = "sun:10:00-sun:11:00" # UTC, between the daily runs
  automated_snapshot_retention_period = 14
  skip_final_snapshot                 = !each.value.is_final_snapshot
  final_snapshot_identifier           = each.value.is_final_snapshot ? "${var.name}-final" : null

  tags = var.tags
}

resource "aws_redshift_logging" "this" {
  for_each = local.provisioned

  cluster_identifier   = aws_redshift_cluster.this[each.key].id
  log_destination_type = "cloudwatch"
  log_exports          = ["connectionlog", "useractivitylog", "userlog"]
}
