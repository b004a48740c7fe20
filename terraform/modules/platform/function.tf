# Lambda functions: one zip, one layer, and for each function its own role, log group and way of being invoked.

locals {
  log_group = { for key, name in local.name.function : key => "/aws/lambda/${name}" }

  function_grant = { for key, _ in local.name.function : key => concat(
    local.grant["function-${key}"],
    [
      { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${local.arn_of.logs}:log-group:${local.log_group[key]}:*"] },
      { Effect = "Allow", Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], Resource = ["*"] },
    ],
    [for name, arn in local.arn.dead_letter : { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [arn] } if name == key],
    [for name, bucket in local.on_failure : { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.arn.bucket[bucket]] } if name == key],
  ) }
}

resource "aws_s3_object" "package" {
  for_each = { platform = var.package.platform, layer = var.package.layer }

  bucket = aws_s3_bucket.this["artefact"].id
  key    = "${each.key}/${filesha256(each.value)}.zip" # another content is another key, and so another version
  source = each.value

  depends_on = [aws_s3_bucket_server_side_encryption_configuration.this, aws_s3_bucket_versioning.this]

  lifecycle {
    create_before_destroy = true
    ignore_changes        = [source] # where the file lay does not matter; the key says what is in it
  }
}

resource "aws_lambda_layer_version" "this" {
  layer_name               = local.prefix
  description              = "Packages of the functions"
  s3_bucket                = aws_s3_object.package["layer"].bucket
  s3_key                   = aws_s3_object.package["layer"].key
  compatible_runtimes      = ["python3.11"]
  compatible_architectures = ["x86_64"]

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.log_group

  name              = each.value
  retention_in_days = var.settings.log_retention_days
  kms_key_id        = aws_kms_key.this.arn

  tags = local.tags
}

resource "aws_iam_role" "function" {
  for_each = local.name.function

  name = local.role_name["function-${each.key}"]

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "function" {
  for_each = local.name.function

  name   = "platform"
  role   = aws_iam_role.function[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.function_grant[each.key] })
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:a reservation takes concurrency from everything else in the account; shards and batches bound it
  #checkov:skip=CKV_AWS_117:functions call AWS services only, and nothing in the warehouse's network
  #checkov:skip=CKV_AWS_272:code comes from our own bucket, under a key that is the hash of its content
  for_each = local.listed.function

  function_name = local.name.function[each.key]
  description   = each.value.description
  role          = aws_iam_role.function[each.key].arn
  runtime       = "python3.11"
  architectures = ["x86_64"]
  handler       = "lambdas.${each.key}.handler"
  s3_bucket     = aws_s3_object.package["platform"].bucket
  s3_key        = aws_s3_object.package["platform"].key
  layers        = [aws_lambda_layer_version.this.arn]
  memory_size   = each.value.memory_mb
  timeout       = each.value.timeout_s
  kms_key_arn   = aws_kms_key.this.arn

  environment {
    variables = {
      CDP_SETTINGS                 = local.settings["function-${each.key}"]
      POWERTOOLS_METRICS_NAMESPACE = local.listed.project
      POWERTOOLS_LOG_LEVEL         = "INFO"
    }
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "dead_letter_config" {
    for_each = [for key, queue in aws_sqs_queue.dead_letter : queue if key == each.key]

    content {
      target_arn = dead_letter_config.value.arn
    }
  }

  tags = local.tags

  depends_on = [aws_iam_role_policy.function, aws_cloudwatch_log_group.function]
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.stream_trigger

  function_name                      = aws_lambda_function.this[each.key].arn
  event_source_arn                   = aws_kinesis_stream.this[each.value.stream].arn
  starting_position                  = "TRIM_HORIZON"
  batch_size                         = each.value.batch_size
  maximum_batching_window_in_seconds = each.value.batching_window_s
  maximum_retry_attempts             = each.value.maximum_retry_attempts
  maximum_record_age_in_seconds      = 86400 # a day, well inside the stream's retention: then to the on-failure bucket, whole
  bisect_batch_on_function_error     = each.value.bisect_batch_on_function_error
  parallelization_factor             = each.value.parallelization_factor
  function_response_types            = ["ReportBatchItemFailures"]

  dynamic "destination_config" {
    for_each = [for key, bucket in local.on_failure : bucket if key == each.key]

    content {
      on_failure {
        destination_arn = aws_s3_bucket.this[destination_config.value].arn # S3, because only S3 gets the whole records
      }
    }
  }

  tags = local.tags
}

resource "aws_cloudwatch_event_rule" "object_created" {
  for_each = local.object_trigger

  name        = local.name.function[each.key]
  description = "Objects created under ${each.value.prefix} of ${each.value.bucket}"

  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [local.name.bucket[each.value.bucket]] }
      object = { key = [{ prefix = each.value.prefix }] }
    }
  })

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "object_created" {
  for_each = local.object_trigger

  rule      = aws_cloudwatch_event_rule.object_created[each.key].name
  target_id = "function"
  arn       = aws_lambda_function.this[each.key].arn

  dead_letter_config {
    arn = aws_sqs_queue.dead_letter[each.key].arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}

resource "aws_lambda_permission" "object_created" {
  for_each = local.object_trigger

  statement_id   = "objectCreated"
  function_name  = aws_lambda_function.this[each.key].function_name
  action         = "lambda:InvokeFunction"
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.object_created[each.key].arn
  source_account = local.account
}
