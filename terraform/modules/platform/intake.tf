# Where records arrive and where the platform keeps its books: stream, ledger, alerts, dead letters.

resource "aws_kinesis_stream" "this" {
  for_each = local.name.stream

  name             = each.value
  shard_count      = var.settings.shard_count
  retention_period = 72 # hours: a weekend in which nobody looks loses nothing
  encryption_type  = "KMS"
  kms_key_id       = aws_kms_key.this.arn

  stream_mode_details {
    stream_mode = var.settings.shard_count == null ? "ON_DEMAND" : "PROVISIONED"
  }

  tags = local.tags
}

resource "aws_dynamodb_table" "this" {
  for_each = local.listed.table

  name                        = local.name.table[each.key]
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = each.value.partition_key
  range_key                   = each.value.sort_key
  deletion_protection_enabled = !var.settings.is_bucket_emptied_on_destroy

  dynamic "attribute" {
    for_each = toset([each.value.partition_key, each.value.sort_key])

    content {
      name = attribute.value
      type = "S"
    }
  }

  ttl {
    attribute_name = each.value.ttl
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }

  tags = local.tags
}

resource "aws_sns_topic" "this" {
  for_each = local.name.topic

  name              = each.value
  kms_master_key_id = aws_kms_key.this.arn

  tags = local.tags
}

resource "aws_sns_topic_policy" "this" {
  for_each = local.name.topic

  arn = aws_sns_topic.this[each.key].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsEventsAndBudgetsPublish"
        Effect    = "Allow"
        Principal = { Service = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"] }
        Action    = "sns:Publish"
        Resource  = local.arn.topic[each.key]
        Condition = local.own
      },
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.arn.topic[each.key]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_sns_topic_subscription" "alert" {
  for_each = toset(var.settings.alert_email)

  topic_arn = aws_sns_topic.this["alert"].arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_sqs_queue" "dead_letter" {
  for_each = local.name.dead_letter

  name                      = each.value
  message_retention_seconds = 1209600
  kms_master_key_id         = aws_kms_key.this.arn

  tags = local.tags
}

resource "aws_sqs_queue_policy" "dead_letter" {
  for_each = local.name.dead_letter

  queue_url = aws_sqs_queue.dead_letter[each.key].url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EventsSend"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.arn.dead_letter[each.key]
        Condition = local.own
      },
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.arn.dead_letter[each.key]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
