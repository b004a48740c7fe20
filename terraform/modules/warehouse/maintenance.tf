# The warehouse's maintenance: every file of sql/warehouse/maintenance is one statement, run at the time that its line
# `-- schedule:` states (UTC), through the Data API; its result can be fetched for a day.

locals {
  maintenance_folder = "${path.module}/../../../sql/warehouse/maintenance"
  maintenance = {
    for file in fileset(local.maintenance_folder, "*.sql") : trimsuffix(file, ".sql") => {
      expression = regex("(?m)^-- schedule: (cron\\(.*\\))$", file("${local.maintenance_folder}/${file}"))[0]
      sql        = file("${local.maintenance_folder}/${file}")
    }
  }
  login = var.settings.kind == "serverless" ? {
    WorkgroupName = aws_redshiftserverless_workgroup.this["this"].workgroup_name
    SecretArn     = aws_redshiftserverless_namespace.this["this"].admin_password_secret_arn
    } : {
    ClusterIdentifier = aws_redshift_cluster.this["this"].cluster_identifier
    SecretArn         = aws_redshift_cluster.this["this"].master_password_secret_arn
  }
}

resource "aws_iam_role" "maintenance" {
  name = "${var.name}-warehouse-maintenance"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "maintenance" {
  name = "maintenance"
  role = aws_iam_role.maintenance.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = ["redshift-data:ExecuteStatement"]
        Resource = [
          for resource in concat(values(aws_redshiftserverless_workgroup.this), values(aws_redshift_cluster.this)) : resource.arn
        ]
      },
      { Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [local.login.SecretArn] },
      { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.kms_key_arn] },
    ]
  })
}

resource "aws_scheduler_schedule" "maintenance" {
  for_each = local.maintenance

  name                         = "${var.name}-warehouse-${each.key}"
  schedule_expression          = each.value.expression
  schedule_expression_timezone = "UTC"
  kms_key_arn                  = var.kms_key_arn

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = "arn:${local.partition}:scheduler:::aws-sdk:redshiftdata:executeStatement"
    role_arn = aws_iam_role.maintenance.arn
    input    = jsonencode(merge(local.login, { Database = var.database, Sql = each.value.sql, StatementName = each.key }))

    retry_policy {
      maximum_retry_attempts = 2
    }
  }
}

resource "aws_redshiftserverless_usage_limit" "this" {
  for_each = local.serverless

  resource_arn  = aws_redshiftserverless_workgroup.this[each.key].arn
  usage_type    = "serverless-compute"
  amount        = each.value.daily_rpu_hours
  period        = "daily"
  breach_action = "deactivate"
}
