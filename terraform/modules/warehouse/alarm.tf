locals {
  alarm = merge(
    { for key, _ in local.serverless : "warehouse_capacity" => {
      description = "The warehouse runs at its highest capacity", namespace = "AWS/Redshift-Serverless", metric = "ComputeCapacity"
      dimensions  = { Workgroup = var.name }, threshold = var.settings.max_capacity, comparison = "GreaterThanOrEqualToThreshold"
      missing     = "notBreaching" # an idle workgroup reports nothing
    } },
    { for key, _ in local.provisioned : "warehouse_cpu" => {
      description = "The warehouse's processors are busy", namespace = "AWS/Redshift", metric = "CPUUtilization"
      dimensions  = { ClusterIdentifier = var.name }, threshold = 90, comparison = "GreaterThanThreshold", missing = "breaching"
    } },
    { for key, _ in local.provisioned : "warehouse_disk" => {
      description = "The warehouse's disks fill up", namespace = "AWS/Redshift", metric = "PercentageDiskSpaceUsed"
      dimensions  = { ClusterIdentifier = var.name }, threshold = 80, comparison = "GreaterThanThreshold", missing = "breaching"
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarm

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 3
  threshold           = each.value.threshold
  comparison_operator = each.value.comparison
  treat_missing_data  = each.value.missing
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]

  tags = var.tags
}
