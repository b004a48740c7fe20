# What a function or job reads and writes stands in platform.json; here it becomes its policy and its settings.

locals {
  workload = merge(
    { for key, function in local.listed.function : "function-${key}" => function },
    { for key, job in local.listed.job : "job-${key}" => job },
  )

  granted = { for key, workload in local.workload : key => distinct(concat(workload.reads, workload.writes)) }

  catalog = { for key, name in local.name.database : key => [
    "${local.arn_of.glue}:catalog",
    "${local.arn_of.glue}:database/${name}",
    "${local.arn_of.glue}:table/${name}/*",
  ] }

  reading = merge(
    { for key, arn in local.arn.bucket : "bucket/${key}" => concat(
      [
        { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [arn] },
        { Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${arn}/*"] },
      ],
      [for zone, catalog in local.catalog :
        { Effect = "Allow", Action = ["glue:GetDatabase", "glue:GetTable"], Resource = catalog } if zone == key
      ],
    ) },
    { for key, arn in local.arn.stream : "stream/${key}" => [{
      Effect   = "Allow"
      Action   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
      Resource = [arn]
    }] },
    { for key, arn in local.arn.table : "table/${key}" => [
      { Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query"], Resource = [arn] },
    ] },
    { for key, name in local.name.state_machine : "state_machine/${key}" => [{
      Effect   = "Allow"
      Action   = ["states:DescribeExecution"]
      Resource = ["${local.arn_of.states}:execution:${name}:*"]
    }] },
    { warehouse = local.warehouse_login },
  )

  writing = merge(
    { for key, arn in local.arn.bucket : "bucket/${key}" => concat(
      [{ Effect = "Allow", Action = ["s3:PutObject", "s3:AbortMultipartUpload"], Resource = ["${arn}/*"] }],
      [for zone, catalog in local.catalog :
        { Effect = "Allow", Action = ["glue:CreateTable", "glue:UpdateTable"], Resource = catalog } if zone == key
      ],
      # Iceberg deletes its own old metadata files.
      [for zone, _ in local.catalog : { Effect = "Allow", Action = ["s3:DeleteObject"], Resource = ["${arn}/*"] } if zone == key],
    ) },
    { for key, arn in local.arn.table : "table/${key}" => [{
      Effect   = "Allow"
      Action   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"]
      Resource = [arn]
    }] },
    { warehouse = [] }, # who may log in is granted what by the warehouse itself
    # A folder of a bucket ("bucket/curated/warehouse_loads"): objects there, and none of the bucket's tables.
    { for folder in distinct(flatten([for workload in local.workload : [for grant in workload.writes : grant if length(split("/", grant)) > 2]])) : folder => [{
      Effect   = "Allow"
      Action   = ["s3:PutObject", "s3:AbortMultipartUpload"]
      Resource = ["${local.arn.bucket[split("/", folder)[1]]}/${join("/", slice(split("/", folder), 2, length(split("/", folder))))}/*"]
    }] },
  )

  # Lambda itself writes what it gave up on to the stream's on-failure bucket, in the function's name.
  on_failure = { for key, trigger in local.stream_trigger : key => split("/", trigger.on_failure)[1] if can(trigger.on_failure) }

  use_key = [{
    Effect   = "Allow"
    Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
    Resource = [aws_kms_key.this.arn]
  }]

  grant = { for key, workload in local.workload : key => flatten([
    [for grant in workload.reads : local.reading[grant]],
    [for grant in workload.writes : local.writing[grant]],
    local.use_key,
  ]) }

  # CDP_SETTINGS of a function and --settings of a job: names of what it is granted, and nothing else.
  settings = { for key, granted in local.granted : key => jsonencode(merge(
    { environment = var.environment, engine = var.settings.engine },
    { for name, folder in { work_folder = lookup(local.spark_folder, key, null) } : name => "s3://${local.name.bucket.curated}/${folder}" if folder != null },
    { for kind, names in {
      bucket        = local.name.bucket
      table         = local.name.table
      stream        = local.name.stream
      topic         = local.arn.topic
      database      = local.name.database
      state_machine = local.arn.state_machine
      } : kind => {
      for name_key, name in names : name_key => name
      if contains(granted, "${kind == "database" ? "bucket" : kind}/${name_key}")
      } if anytrue([for name_key, _ in names : contains(granted, "${kind == "database" ? "bucket" : kind}/${name_key}")])
    },
    { for kind, settings in { warehouse = local.warehouse_settings } : kind => settings if contains(granted, kind) && settings != null },
  )) }
}
