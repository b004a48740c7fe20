# Every way the platform fails rings, and every alarm goes to the topic `alert`. What no data means is decided each
# time: silence is good where the metric counts faults, and bad where it counts work that must happen.

locals {
  datasets = setunion(
    keys({ for _, stream in local.listed.stream : split(".", stream.default_contract)[0] => true }),
    local.listed.database.clean,
  )
  intake = { for pair in setproduct(keys(merge(local.stream_trigger, local.object_trigger)), local.datasets) :
    "${pair[0]}-${pair[1]}" => { service = pair[0], dataset = pair[1] }
  }

  # Only what a schedule starts can be missing; what a steward starts may rest for months.
  scheduled = { for key in distinct(values(local.listed.schedule)[*].starts) : key => local.arn.state_machine[key] }

  # namespace, metric, dimensions, statistic, period (s), periods, threshold, comparison, missing
  alarm = merge(
    { for key, _ in local.stream_trigger : "${key}-iterator_age" => {
      description = "${key} falls behind its stream", namespace = "AWS/Lambda", metric = "IteratorAge"
      dimensions  = { FunctionName = local.name.function[key] }, statistic = "Maximum", period = 300, periods = 3
      threshold   = var.settings.alarm_threshold.iterator_age_minutes * 60000, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for key, name in local.name.stream : "${key}-write_throttled" => {
      description = "Producers of stream ${key} are turned away", namespace = "AWS/Kinesis", metric = "WriteProvisionedThroughputExceeded"
      dimensions  = { StreamName = name }, statistic = "Sum", period = 300, periods = 2
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for key, name in local.name.stream : "${key}-read_throttled" => {
      description = "Consumers of stream ${key} are turned away", namespace = "AWS/Kinesis", metric = "ReadProvisionedThroughputExceeded"
      dimensions  = { StreamName = name }, statistic = "Sum", period = 300, periods = 3
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for key, name in local.name.function : "${key}-errors" => {
      description = "${key} fails", namespace = "AWS/Lambda", metric = "Errors"
      dimensions  = { FunctionName = name }, statistic = "Sum", period = 300, periods = 1
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for key, name in local.name.function : "${key}-throttles" => {
      description = "${key} is not let run", namespace = "AWS/Lambda", metric = "Throttles"
      dimensions  = { FunctionName = name }, statistic = "Sum", period = 300, periods = 2
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for key, name in local.name.function : "${key}-duration" => {
      description = "${key} comes near its timeout", namespace = "AWS/Lambda", metric = "Duration"
      dimensions  = { FunctionName = name }, statistic = "Maximum", period = 300, periods = 1
      threshold   = local.listed.function[key].timeout_s * 800, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for key, name in local.name.dead_letter : "${key}-dead_letter" => {
      description = "Something could not be delivered to ${key}; read the queue, then send it again", namespace = "AWS/SQS"
      metric      = "ApproximateNumberOfMessagesVisible", dimensions = { QueueName = name }, statistic = "Maximum", period = 300, periods = 1
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    # What was aborted or ran out of time tells at once: aws_cloudwatch_event_rule.run_cut_off.
    { for key, arn in local.arn.state_machine : "${key}-ExecutionsFailed" => {
      description = "A run of ${key} failed; nothing of it is published", namespace = "AWS/States", metric = "ExecutionsFailed"
      dimensions  = { StateMachineArn = arn }, statistic = "Sum", period = 300, periods = 1
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    # No data is the fault itself: no run was started.
    { for key, arn in local.scheduled : "${key}-missing" => {
      description = "No run of ${key} was started for two hours", namespace = "AWS/States", metric = "ExecutionsStarted"
      dimensions  = { StateMachineArn = arn }, statistic = "Sum", period = 3600, periods = 2
      threshold   = 1, comparison = "LessThanThreshold", missing = "breaching"
    } },
    { for key, arn in local.scheduled : "${key}-freshness" => {
      description = "No run of ${key} has succeeded for ${var.settings.alarm_threshold.freshness_hours} hours: the warehouse is stale"
      namespace   = "AWS/States", metric = "ExecutionsSucceeded", dimensions = { StateMachineArn = arn }, statistic = "Sum"
      period      = 3600, periods = var.settings.alarm_threshold.freshness_hours, threshold = 1, comparison = "LessThanThreshold", missing = "breaching"
    } },
    # Which job it was and why, aws_cloudwatch_event_target.job_failed tells at once.
    { for name in [aws_cloudwatch_event_rule.job_failed.name] : "job_failed" => {
      description = "A job failed, timed out or was stopped", namespace = "AWS/Events", metric = "MatchedEvents"
      dimensions  = { RuleName = name }, statistic = "Sum", period = 300, periods = 1
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for name in concat([aws_cloudwatch_event_rule.job_failed.name], values(aws_cloudwatch_event_rule.run_cut_off)[*].name) :
      "${trimprefix(name, "${local.prefix}-")}-untold" => {
        description = "What rule ${name} found could not be told", namespace = "AWS/Events", metric = "FailedInvocations"
        dimensions  = { RuleName = name }, statistic = "Sum", period = 300, periods = 1
        threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
    { for key, name in local.name.table : "${key}-throttled" => {
      description = "Table ${key} turns writers away", namespace = "AWS/DynamoDB", metric = "WriteThrottleEvents"
      dimensions  = { TableName = name }, statistic = "Sum", period = 300, periods = 2
      threshold   = 0, comparison = "GreaterThanThreshold", missing = "notBreaching"
    } },
  )

  # Over the counts that ingestion prints, per function and dataset; nothing received is no fault.
  rate = merge(
    { for key, intake in local.intake : "${key}-quarantined" => {
      description = "More than ${var.settings.alarm_threshold.quarantined_percent} % of ${intake.dataset} goes to quarantine in ${intake.service}"
      expression  = "IF(received > 0, 100 * quarantined / received, 0)", threshold = var.settings.alarm_threshold.quarantined_percent, intake = intake
    } },
    { for key, intake in local.intake : "${key}-imbalance" => {
      description = "${intake.service} does not account for every record of ${intake.dataset}"
      expression  = "ABS(received - accepted - duplicate - quarantined)", threshold = 0, intake = intake
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarm

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = each.value.comparison
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.this["alert"].arn]
  ok_actions          = [aws_sns_topic.this["alert"].arn]

  tags = local.tags
}

resource "aws_cloudwatch_metric_alarm" "rate" {
  for_each = local.rate

  alarm_name          = "${local.prefix}-${each.key}"
  alarm_description   = each.value.description
  evaluation_periods  = 1
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this["alert"].arn]
  ok_actions          = [aws_sns_topic.this["alert"].arn]

  metric_query {
    id          = "rate"
    expression  = each.value.expression
    label       = each.key
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { for name in ["received", "accepted", "duplicate", "quarantined"] : name => name if strcontains(each.value.expression, name) }

    content {
      id = metric_query.key

      metric {
        namespace   = local.namespace
        metric_name = "Records${title(metric_query.key)}"
        dimensions  = each.value.intake
        stat        = "Sum"
        period      = 3600
      }
    }
  }

  tags = local.tags
}

# A job that fails is no metric of Glue's, only an event.
resource "aws_cloudwatch_event_rule" "job_failed" {
  name        = "${local.prefix}-job_failed"
  description = "A job failed, timed out or was stopped"

  event_pattern = jsonencode({
    source      = ["aws.glue"]
    detail-type = ["Glue Job State Change"]
    detail      = { jobName = values(local.name.job), state = ["FAILED", "TIMEOUT", "STOPPED"] }
  })

  tags = local.tags
}

resource "aws_cloudwatch_event_target" "job_failed" {
  rule      = aws_cloudwatch_event_rule.job_failed.name
  target_id = "alert"
  arn       = aws_sns_topic.this["alert"].arn

  # Not the event itself: the job's message may quote what it failed on.
  input_transformer {
    input_paths = {
      job   = "$.detail.jobName"
      run   = "$.detail.jobRunId"
      state = "$.detail.state"
    }

    input_template = "\"Job <job> is <state>, its run <run>; the reason is there, and in the log groups /aws-glue/jobs. Next step: docs/runbooks/a-run-failed.md.\""
  }
}

resource "aws_budgets_budget" "this" {
  count = var.settings.budget == null ? 0 : 1

  name         = local.prefix
  budget_type  = "COST"
  limit_amount = var.settings.budget.limit_usd
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:environment$%s", var.environment)]
  }

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type         = notification.key
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      comparison_operator       = "GREATER_THAN"
      subscriber_sns_topic_arns = [aws_sns_topic.this["alert"].arn]
    }
  }

  tags = local.tags
}
