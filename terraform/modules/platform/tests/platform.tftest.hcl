mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment = "test"
  package     = { platform = "./versions.tf", layer = "./outputs.tf" } # any file does: nothing is uploaded
}

run "platform" {
  assert {
    condition     = aws_s3_bucket.this["raw"].bucket == "cdp-test-123456789012-raw" && aws_glue_catalog_database.this["clean"].name == "cdp_test_clean"
    error_message = "names carry environment and account"
  }

  assert {
    condition     = length(jsondecode(aws_kms_key.this.policy).Statement) == 5 && aws_kms_key.this.enable_key_rotation
    error_message = "the key rotates and its policy has five statements"
  }

  assert {
    condition = alltrue([for key in keys(local.workload) : contains(
      jsondecode(aws_kms_key.this.policy).Statement[1].Condition.ArnEquals["aws:PrincipalArn"], "arn:aws:iam::123456789012:role/cdp-test-${key}"
    )])
    error_message = "the key's policy names the role of every function and job"
  }

  assert {
    condition     = alltrue([for bucket in values(aws_s3_bucket_policy.this) : jsondecode(bucket.policy).Statement[0].Condition.Bool["aws:SecureTransport"] == "false"])
    error_message = "no bucket answers without TLS"
  }

  assert {
    condition = alltrue([
      for key, bucket in aws_s3_bucket_policy.this :
      key == "log" || contains([for statement in jsondecode(bucket.policy).Statement : statement.Sid], "DenyOtherKey")
    ])
    error_message = "no bucket takes an object under another key"
  }

  assert {
    condition = alltrue([
      for policy in values(aws_iam_role_policy.function) : alltrue([
        for statement in jsondecode(policy.policy).Statement :
        statement.Resource != ["*"] || alltrue([for action in statement.Action : startswith(action, "xray:")])
      ])
    ])
    error_message = "a function's role names its resources; only tracing has none to name"
  }

  assert {
    condition = setunion(flatten([
      for statement in jsondecode(aws_iam_role_policy.function["plan_run"].policy).Statement : [for action in statement.Action : action if startswith(action, "dynamodb:")]
    ])) == toset(["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"])
    error_message = "plan_run reads and writes the ledger"
  }

  assert {
    condition = !anytrue(flatten([
      for statement in jsondecode(aws_iam_role_policy.function["fail_run"].policy).Statement : [for action in statement.Action : action == "s3:PutObject"]
    ]))
    error_message = "fail_run writes no object"
  }

  assert {
    condition = jsondecode(aws_lambda_function.this["ingest_stream"].environment[0].variables.CDP_SETTINGS) == {
      environment = "test", engine = "duckdb"
      bucket      = { raw = "cdp-test-123456789012-raw", quarantine = "cdp-test-123456789012-quarantine" }
      stream      = { event = "cdp-test-event" }
      table       = { ledger = "cdp-test-ledger" }
    }
    error_message = "a function's settings are what it is granted"
  }

  assert {
    condition     = jsondecode(aws_glue_job.this["clean_raw"].default_arguments["--settings"]).database == { clean = "cdp_test_clean" }
    error_message = "a zone with tables comes with its database"
  }

  assert {
    condition     = aws_glue_job.this["clean_raw"].default_arguments["--job-bookmark-option"] == "job-bookmark-disable" && !contains(keys(aws_glue_job.this["clean_raw"].default_arguments), "--conf")
    error_message = "the manifest decides, not a bookmark; duckdb needs nothing of Spark"
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this["daily_pipeline"].definition).States.PlanRun.Parameters.FunctionName == local.arn.function.plan_run
    error_message = "the state machine calls our functions"
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this["daily_pipeline"].definition).States.CleanRaw.Parameters.JobName == aws_glue_job.this["clean_raw"].name
    error_message = "the state machine starts our jobs"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.state_machine["daily_pipeline"].policy, "ingest_stream")
    error_message = "the state machine may invoke only what it names"
  }

  assert {
    condition = alltrue(flatten([for policy in concat(
      values(aws_iam_role_policy.state_machine)[*].policy, values(aws_iam_role_policy.function)[*].policy, values(aws_iam_role_policy.job)[*].policy,
    ) : [for statement in jsondecode(policy).Statement : length(statement.Resource) > 0 && length(statement.Action) > 0]]))
    error_message = "IAM takes no statement without a resource or an action"
  }

  assert {
    condition     = contains(jsondecode(aws_iam_role_policy.schedule.policy).Statement[0].Resource, local.arn.state_machine.daily_pipeline)
    error_message = "the schedule may start what it starts"
  }

  assert {
    condition     = strcontains(aws_scheduler_schedule.this["daily"].target[0].input, "<aws.scheduler.scheduled-time>")
    error_message = "the scheduler finds its keyword"
  }

  assert {
    condition = alltrue([for mapping in values(aws_lambda_event_source_mapping.this) :
      mapping.bisect_batch_on_function_error && contains(mapping.function_response_types, "ReportBatchItemFailures") && length(mapping.destination_config) == 1
    ])
    error_message = "a bad batch is cut, reports its items and ends in a bucket"
  }

  assert {
    condition = alltrue([for bucket in ["raw", "quarantine"] : anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this[bucket].rule :
      rule.id == "age" && try(rule.expiration[0].days + local.noncurrent_days <= min(values(local.retention_days)...), false)
    ])])
    error_message = "no copy of a record outlives the table it was made for, as its contract says; its last bytes go with the version that expiry leaves"
  }

  assert {
    condition     = strcontains(aws_cloudwatch_event_target.job_failed.input_transformer[0].input_template, "<job>") && aws_cloudwatch_metric_alarm.this["job_failed"].dimensions.RuleName == "cdp-test-job_failed"
    error_message = "a job that fails is told by its name, and rings"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["daily_pipeline-missing"].treat_missing_data == "breaching"
    error_message = "a run that is missing rings"
  }

  assert {
    condition = { for key, rule in aws_cloudwatch_event_rule.run_cut_off : key => jsondecode(rule.event_pattern).detail } == {
      for key, arn in local.arn.state_machine : key => { stateMachineArn = [arn], status = ["ABORTED", "TIMED_OUT"] }
    }
    error_message = "a run of any state machine that is aborted or out of time is told"
  }

  assert {
    condition = alltrue([for target in values(aws_cloudwatch_event_target.run_cut_off) :
      target.arn == aws_sns_topic.this["alert"].arn && strcontains(target.input_transformer[0].input_template, "<execution>")
    ])
    error_message = "the alert says which run was cut off"
  }

  assert {
    condition     = contains(jsondecode(aws_sns_topic_policy.this["alert"].policy).Statement[0].Principal.Service, "events.amazonaws.com")
    error_message = "EventBridge may publish alerts"
  }

  assert {
    condition     = !contains(keys(aws_cloudwatch_metric_alarm.this), "replay-missing")
    error_message = "what no schedule starts is never missing"
  }

  assert {
    condition     = alltrue([for alarm in merge(aws_cloudwatch_metric_alarm.this, aws_cloudwatch_metric_alarm.rate) : length(alarm.alarm_actions) == 1])
    error_message = "every alarm tells somebody"
  }

  assert {
    condition = alltrue([for alarm in values(aws_cloudwatch_metric_alarm.this) : alltrue([for name, value in alarm.dimensions : contains(lookup({
      FunctionName    = values(local.name.function), StreamName = values(local.name.stream), QueueName = values(local.name.dead_letter)
      StateMachineArn = values(local.arn.state_machine), TableName = values(local.name.table)
      RuleName        = concat([aws_cloudwatch_event_rule.job_failed.name], values(aws_cloudwatch_event_rule.run_cut_off)[*].name)
    }, name, []), value)])])
    error_message = "an alarm looks at a resource that exists"
  }

  assert {
    condition     = length(aws_budgets_budget.this) == 0 && length(module.warehouse) == 0
    error_message = "what local clouds lack can be left out"
  }
}

run "with_warehouse_and_budget" {
  variables {
    settings = { warehouse = { daily_rpu_hours = 16 }, budget = { limit_usd = 500 }, alert_email = ["data@example.com"] }
  }

  assert {
    condition     = length(aws_glue_job.this["load_warehouse"].connections) == 1 && length(aws_glue_job.this["clean_raw"].connections) == 0
    error_message = "only the job that loads the warehouse is in its network"
  }

  assert {
    condition     = jsondecode(aws_glue_job.this["load_warehouse"].default_arguments["--settings"]).warehouse.workgroup == "cdp-test"
    error_message = "the job that loads the warehouse knows where it is"
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.job["load_warehouse"].policy, "redshift-serverless:GetCredentials")
    error_message = "the job that loads the warehouse may log in"
  }

  assert {
    condition     = aws_budgets_budget.this[0].limit_amount == "500" && length(aws_budgets_budget.this[0].notification) == 2
    error_message = "the budget tells of both thresholds"
  }
}

run "on_spark" {
  variables {
    settings = { engine = "spark" }
  }

  assert {
    condition = alltrue([for job in values(aws_glue_job.this) : alltrue([
      strcontains(job.default_arguments["--conf"], "--conf spark.sql.catalog.lake.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog"),
      job.default_arguments["--datalake-formats"] == "iceberg",
      job.default_arguments["--enable-auto-scaling"] == "true",
    ])])
    error_message = "every job's session knows the Iceberg catalog"
  }

  assert {
    condition     = jsondecode(aws_glue_job.this["clean_raw"].default_arguments["--settings"]).work_folder == "s3://cdp-test-123456789012-curated/work/clean_raw"
    error_message = "every job has a work folder of its own"
  }

  assert {
    condition = anytrue([for statement in jsondecode(aws_iam_role_policy.job["clean_raw"].policy).Statement :
      contains(statement.Action, "s3:PutObject") && statement.Resource == ["arn:aws:s3:::cdp-test-123456789012-curated/work/clean_raw/*"]
    ])
    error_message = "a job may write its steps and no other job's"
  }

  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.this["curated"].rule : rule.id == "engine-steps" && rule.filter[0].prefix == "work/"])
    error_message = "steps that a killed job left are removed"
  }
}

run "malformed_cron" {
  command = plan

  variables {
    settings = { schedule_expression = { daily = "cron(30 2 * * ?)" } }
  }

  expect_failures = [var.settings]
}

run "environment_with_a_dash" {
  command = plan

  variables {
    environment = "dev-1"
  }

  expect_failures = [var.environment]
}
