locals {
  chart = [
    { title = "Records by fate", metrics = [for pair in setproduct(keys(local.intake), ["Accepted", "Duplicate", "Quarantined"]) :
      [local.namespace, "Records${pair[1]}", "dataset", local.intake[pair[0]].dataset, "service", local.intake[pair[0]].service]
    ] },
    { title = "Age of the oldest unread record (ms)", metrics = [for key, _ in local.stream_trigger : ["AWS/Lambda", "IteratorAge", "FunctionName", local.name.function[key]]] },
    { title = "Errors of functions", metrics = [for name in values(local.name.function) : ["AWS/Lambda", "Errors", "FunctionName", name]] },
    { title = "Duration of functions (ms)", metrics = [for name in values(local.name.function) : ["AWS/Lambda", "Duration", "FunctionName", name]] },
    { title = "Runs", metrics = [for pair in setproduct(values(local.arn.state_machine), ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed"]) :
      ["AWS/States", pair[1], "StateMachineArn", pair[0]]
    ] },
    { title = "Dead letters", metrics = [for name in values(local.name.dead_letter) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${local.prefix}-operations"

  dashboard_body = jsonencode({
    widgets = [for number, chart in local.chart : {
      type       = "metric"
      x          = 12 * (number % 2)
      y          = 6 * floor(number / 2)
      width      = 12
      height     = 6
      properties = { title = chart.title, metrics = chart.metrics, region = local.region, stat = strcontains(chart.title, "(ms)") ? "Maximum" : "Sum", period = 300, view = "timeSeries" }
    }]
  })
}
