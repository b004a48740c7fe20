# One key for everything at rest. Its policy names who may use it: the platform's own roles and, each for its own
# kind of resource, the AWS services that encrypt in our name.

locals {
  role_name = merge(
    { for key, _ in local.workload : key => "${local.prefix}-${key}" },
    { for key, _ in local.listed.state_machine : "state_machine-${key}" => "${local.prefix}-state_machine-${key}" },
    { schedule = "${local.prefix}-schedule", warehouse = "${local.prefix}-warehouse" },
  )
  role_arn = { for key, name in local.role_name : key => "arn:${local.partition}:iam::${local.account}:role/${name}" }
  own      = { StringEquals = { "aws:SourceAccount" = local.account } }
}

resource "aws_kms_key" "this" {
  description             = "Everything that ${local.prefix} stores"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountAdministers"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action = [
          "kms:CancelKeyDeletion", "kms:Create*", "kms:Delete*", "kms:Describe*", "kms:Disable*", "kms:Enable*", "kms:Get*",
          "kms:List*", "kms:Put*", "kms:Revoke*", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource",
          "kms:UntagResource", "kms:Update*",
        ]
        Resource = "*"
      },
      {
        # By condition and not as principals: a key policy must not name a role that does not exist yet.
        Sid       = "OurRolesUse"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = { ArnEquals = { "aws:PrincipalArn" = sort(values(local.role_arn)) } }
      },
      {
        # Whoever may write to the service may do so encrypted; the service asks in their name.
        Sid       = "StorageServicesUseForThisAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          StringEquals = {
            "kms:CallerAccount" = local.account
            "kms:ViaService" = [for service in ["dynamodb", "kinesis", "lambda", "redshift", "redshift-serverless", "s3", "scheduler", "secretsmanager", "sns", "sqs"] :
              "${service}.${local.region}.amazonaws.com"
            ]
          }
        }
      },
      {
        Sid       = "LogsEncrypts"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "${local.arn_of.logs}:log-group:*" } }
      },
      {
        Sid       = "AlarmsAndEventsReachTopicsAndQueues"
        Effect    = "Allow"
        Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = local.own
      },
    ]
  })

  tags = local.tags
}

resource "aws_kms_alias" "this" {
  name          = "alias/${local.prefix}"
  target_key_id = aws_kms_key.this.key_id
}
