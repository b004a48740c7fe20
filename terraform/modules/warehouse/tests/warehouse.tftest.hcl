mock_provider "aws" {
  source = "../platform/tests/mocks"
}

variables {
  name             = "cdp-test"
  database         = "cdp"
  role_name        = "cdp-test-warehouse"
  kms_key_arn      = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  read_bucket_arns = ["arn:aws:s3:::cdp-test-curated"]
  alarm_topic_arn  = "arn:aws:sns:us-east-1:123456789012:cdp-test-alert"
}

run "serverless" {
  assert {
    condition     = length(aws_redshift_cluster.this) == 0 && !aws_redshiftserverless_workgroup.this["this"].publicly_accessible
    error_message = "Serverless by default, and private"
  }

  assert {
    condition     = length(distinct(aws_subnet.private[*].availability_zone)) == 3 && length(distinct(aws_subnet.private[*].cidr_block)) == 3
    error_message = "Serverless needs three zones"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["warehouse_capacity"].dimensions == tomap({ Workgroup = aws_redshiftserverless_workgroup.this["this"].workgroup_name })
    error_message = "the alarm looks at the workgroup"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this.policy).Statement[1].Resource == ["arn:aws:s3:::cdp-test-curated/warehouse_loads/*"]
    error_message = "the warehouse reads load files and nothing else"
  }

  assert {
    condition     = toset(keys(aws_scheduler_schedule.maintenance)) == toset(["analyze", "expensive_queries", "long_queries", "serverless_usage", "table_health", "vacuum"])
    error_message = "every file of sql/warehouse/maintenance has its schedule"
  }

  assert {
    condition = (aws_scheduler_schedule.maintenance["vacuum"].schedule_expression == "cron(0 8 ? * SUN *)"
    && jsondecode(aws_scheduler_schedule.maintenance["vacuum"].target[0].input).WorkgroupName == "cdp-test")
    error_message = "a statement runs at the time its file states, in the workgroup"
  }

  assert {
    condition     = aws_redshiftserverless_usage_limit.this["this"].amount == 64 && aws_redshiftserverless_usage_limit.this["this"].breach_action == "deactivate"
    error_message = "a day's use has a limit"
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.retention_in_days == 90
    error_message = "who talks to whom is logged"
  }

  assert {
    condition     = output.settings.workgroup == "cdp-test"
    error_message = "a job logs in to the workgroup"
  }
}

run "provisioned" {
  variables {
    settings = { kind = "provisioned" }
  }

  assert {
    condition = (length(aws_redshiftserverless_workgroup.this) == 0 && aws_redshift_cluster.this["this"].encrypted
    && !aws_redshift_cluster.this["this"].publicly_accessible && aws_redshift_cluster.this["this"].manage_master_password)
    error_message = "the cluster is encrypted, private, and nobody knows its password"
  }

  assert {
    condition     = toset(keys(aws_cloudwatch_metric_alarm.this)) == toset(["warehouse_cpu", "warehouse_disk"])
    error_message = "the cluster's processors and disks have alarms"
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.maintenance["analyze"].target[0].input).ClusterIdentifier == "cdp-test" && length(aws_redshiftserverless_usage_limit.this) == 0
    error_message = "a statement runs in the cluster, which has no limit of Serverless"
  }

  assert {
    condition     = output.settings.cluster == "cdp-test" && output.settings.user == "cdp_loader"
    error_message = "a job logs in to the cluster as its own user"
  }
}

run "key_id_instead_of_arn" {
  command = plan

  variables {
    kms_key_arn = "alias/cdp-test"
  }

  expect_failures = [var.kms_key_arn]
}
