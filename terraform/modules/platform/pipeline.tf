# The order of a run: state machines from their templates, and the schedules that start them.

locals {
  template = { for key, _ in local.name.state_machine : key => "${local.root}/step_functions/${key}.asl.json.tftpl" }
  used     = { for key, file in local.template : key => distinct(flatten(regexall("\\$\\{([a-z_]+)\\}", file(file)))) }

  placeholder = merge(
    local.arn.function,
    local.name.job,
    { for key, arn in local.arn.topic : "topic_${key}" => arn },
    { for key, name in local.name.table : "table_${key}" => name },
    { for key, name in local.name.bucket : "bucket_${key}" => name },
    { for key, name in local.name.stream : "stream_${key}" => name },
    { for key, name in local.name.database : "database_${key}" => name },
  )

  # Only what its template names; IAM takes no statement without a resource.
  state_machine_grant = { for key, used in local.used : key => [for statement in concat(
    [{ Effect = "Allow", Action = ["lambda:InvokeFunction"], Resource = [for name, arn in local.arn.function : arn if contains(used, name)] }],
    [{
      Effect   = "Allow"
      Action   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
      Resource = [for name, arn in local.arn.job : arn if contains(used, name)]
    }],
    [{ Effect = "Allow", Action = ["dynamodb:GetItem"], Resource = [for name, arn in local.arn.table : arn if contains(used, "table_${name}")] }],
    [{ Effect = "Allow", Action = ["sns:Publish"], Resource = [for name, arn in local.arn.topic : arn if contains(used, "topic_${name}")] }],
    local.use_key,
    [
      {
        # Log delivery and tracing have no resources to name.
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:GetLogDelivery",
          "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery", "xray:GetSamplingRules", "xray:GetSamplingTargets",
          "xray:PutTelemetryRecords", "xray:PutTraceSegments",
        ]
        Resource = ["*"]
      },
    ],
  ) : statement if length(statement.Resource) > 0] }

  expression = { for key, schedule in local.listed.schedule : key => lookup(var.settings.schedule_expression, key, schedule.expression) }
}

resource "aws_cloudwatch_log_group" "state_machine" {
  for_each = local.name.state_machine

  name              = "/aws/vendedlogs/states/${each.value}"
  retention_in_days = var.settings.log_retention_days
  kms_key_id        = aws_kms_key.this.arn

  tags = local.tags
}

resource "aws_iam_role" "state_machine" {
  for_each = local.name.state_machine

  name = local.role_name["state_machine-${each.key}"]

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = local.own
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "state_machine" {
  for_each = local.name.state_machine

  name   = "platform"
  role   = aws_iam_role.state_machine[each.key].id
  policy = jsonencode({ Version = "2012-10-17", Statement = local.state_machine_grant[each.key] })
}

resource "aws_sfn_state_machine" "this" {
  #checkov:skip=CKV_AWS_285:every event is logged; what states hand over is not, since an error may quote a customer's data
  for_each = local.name.state_machine

  name       = each.value
  role_arn   = aws_iam_role.state_machine[each.key].arn
  definition = templatefile(local.template[each.key], local.placeholder)

  logging_configuration {
    level                  = "ALL"
    include_execution_data = false # states carry names and counts, but an error's text may quote what it failed on
    log_destination        = "${aws_cloudwatch_log_group.state_machine[each.key].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  tags = local.tags

  depends_on = [aws_iam_role_policy.state_machine, aws_lambda_function.this, aws_glue_job.this]
}

# A run that is aborted or runs out of time goes through none of its own states, so it cannot say so itself; one that
# fails does, on its way to RunFailed.
resource "aws_cloudwatch_event_rule" "run_cut_off" {
  for_each = local.name.state_machine

  name        = "${each.value}-cut_off"
  description = "A run of ${each.key} was aborted or ran out of time"

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail      = { stateMachineArn = [local.arn.state_machine[each.key]], status = ["ABORTED", "TIMED_OUT"] }
  })

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "run_cut_off" {
  for_each = aws_cloudwatch_event_rule.run_cut_off

  rule      = each.value.name
  target_id = "alert"
  arn       = aws_sns_topic.this["alert"].arn

  # Not the event itself: it carries what the run was started with. No jsonencode: it would escape < and >.
  input_transformer {
    input_paths = {
      execution = "$.detail.executionArn"
      status    = "$.detail.status"
    }

    input_template = "\"A run of ${each.key} is <status>; nothing of it is published: <execution>. Next step: docs/runbooks/a-run-failed.md.\""
  }
}

resource "aws_iam_role" "schedule" {
  name = local.role_name.schedule

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = local.own
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "schedule" {
  name = "platform"
  role = aws_iam_role.schedule.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["states:StartExecution"]
          Resource = distinct([for schedule in values(local.listed.schedule) : local.arn.state_machine[schedule.starts]])
        },
        { Effect = "Allow", Action = ["sqs:SendMessage"], Resource = [local.arn.dead_letter.schedule] },
      ],
      local.use_key,
    )
  })
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.listed.schedule

  name                = local.name.schedule[each.key]
  description         = each.value.description
  schedule_expression = local.expression[each.key]
  state               = var.settings.schedule_state
  kms_key_arn         = aws_kms_key.this.arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.this[each.value.starts].arn
    role_arn = aws_iam_role.schedule.arn

    # jsonencode writes < and > as \u003c and \u003e, and then the scheduler does not see its own keyword.
    input = replace(replace(jsonencode({ run_at = "<aws.scheduler.scheduled-time>", schedule = each.key }), "\\u003c", "<"), "\\u003e", ">")

    dead_letter_config {
      arn = aws_sqs_queue.dead_letter["schedule"].arn
    }

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }

  lifecycle {
    precondition {
      condition     = can(regex("^(cron\\((\\S+ ){5}\\S+\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", local.expression[each.key]))
      error_message = "Schedule ${each.key} of platform.json is neither cron(...) with six fields nor rate(n unit)."
    }
  }

  depends_on = [aws_iam_role_policy.schedule]
}
