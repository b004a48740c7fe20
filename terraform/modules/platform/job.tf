# Glue: databases, and the jobs, each with its own role.

locals {
  uses_warehouse = { for key, _ in local.name.job : key => contains(local.granted["job-${key}"], "warehouse") }
  connection     = [for warehouse in module.warehouse : warehouse.connection_name]
  artefacts      = "s3://${local.name.bucket.artefact}"

  job_grant = { for key, _ in local.name.job : key => concat(
    local.grant["job-${key}"],
    lookup(local.spark_grant, "job-${key}", []),
    [
      { Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${local.arn.bucket.artefact}/*"] },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"]
        Resource = ["${local.arn_of.logs}:log-group:/aws-glue/*"]
      },
      { Effect = "Allow", Action = ["cloudwatch:PutMetricData"], Resource = ["*"], Condition = { StringEquals = { "cloudwatch:namespace" = "Glue" } } },
    ],
    # A job inside the warehouse's network makes its own network interfaces.
    [for name in local.connection : {
      Effect   = "Allow"
      Action   = ["glue:GetConnection"]
      Resource = ["${local.arn_of.glue}:catalog", "${local.arn_of.glue}:connection/${name}"]
    } if local.uses_warehouse[key]],
    [for name in local.connection : {
      Effect = "Allow"
      Action = [
        "ec2:CreateNetworkInterface", "ec2:CreateTags", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints",
      ]
      Resource = ["*"]
    } if local.uses_warehouse[key]],
  ) }

  python_modules = var.package.wheels == null ? join(",", var.settings.job_python_modules) : join(",", [for wheels in aws_s3_object.wheels : "s3://${wheels.bucket}/${wheels.key}"])
}

resource "aws_glue_catalog_database" "this" {
  for_each = local.name.database

  name         = each.value
  description  = local.listed.bucket[each.key]
  location_uri = "s3://${aws_s3_bucket.this[each.key].bucket}/"

  tags = local.tags
}

resource "aws_glue_security_configuration" "this" {
  name = local.prefix

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = aws_kms_key.this.arn
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = aws_kms_key.this.arn
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_object" "job" {
  for_each = local.name.job

  bucket  = aws_s3_bucket.this["artefact"].id
  key     = "glue_jobs/${each.key}.py"
  content = file("${local.root}/glue_jobs/${each.key}.py")

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.this]
}

resource "aws_s3_object" "wheels" {
  count = var.package.wheels == null ? 0 : 1

  bucket = aws_s3_bucket.this["artefact"].id
  key    = "wheels/${filesha256(var.package.wheels)}.gluewheels.zip" # the suffix tells Glue that it holds wheels
  source = var.package.wheels

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.this]
}

resource "aws_iam_role" "job" {
  for_each = local.name.job

  name = local.role_name["job-${each.key}"]

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "glue.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "job" {
  for_each = local.name.job

  name   = "platform"
  role   = aws_iam_role.job[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.job_grant[each.key] })
}

resource "aws_glue_job" "this" {
  for_each = local.listed.job

  name                   = local.name.job[each.key]
  description            = each.value.description
  role_arn               = aws_iam_role.job[each.key].arn
  glue_version           = var.settings.job_capacity.glue_version
  worker_type            = var.settings.job_capacity.worker_type
  number_of_workers      = var.settings.job_capacity.number_of_workers
  timeout                = each.value.timeout_min
  max_retries            = 0 # the state machine decides what is repeated
  execution_class        = "STANDARD"
  security_configuration = aws_glue_security_configuration.this.name
  connections            = local.uses_warehouse[each.key] ? local.connection : []

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = "${local.artefacts}/${aws_s3_object.job[each.key].key}"
  }

  default_arguments = merge(
    {
      "--settings"                         = local.settings["job-${each.key}"]
      "--extra-py-files"                   = "${local.artefacts}/${aws_s3_object.package["platform"].key}"
      "--datalake-formats"                 = "iceberg"
      "--enable-metrics"                   = "true"
      "--enable-continuous-cloudwatch-log" = "true"
      "--job-language"                     = "python"
      "--job-bookmark-option"              = "job-bookmark-disable" # a run's manifest says what it takes
    },
    local.spark_argument,
    { for name, value in { "--additional-python-modules" = local.python_modules } : name => value if value != "" },
    { for name, value in { "--python-modules-installer-option" = "--no-index" } : name => value if var.package.wheels != null },
  )

  execution_property {
    max_concurrent_runs = 1 # one run at a time: the run's lock, once more
  }

  tags = local.tags

  depends_on = [aws_iam_role_policy.job]
}
