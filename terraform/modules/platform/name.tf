# Every name and ARN follows from platform.json and the environment. Policies are written with ARNs built here:
# that keeps them readable in a plan, free of cycles, and lets a policy exist before what it speaks of.

data "aws_caller_identity" "this" {}

data "aws_region" "this" {}

data "aws_partition" "this" {}

locals {
  root   = "${path.module}/../../.."
  listed = jsondecode(file("${local.root}/terraform/platform.json"))

  account   = data.aws_caller_identity.this.account_id
  region    = data.aws_region.this.name
  partition = data.aws_partition.this.partition

  prefix        = "${local.listed.project}-${var.environment}"
  bucket_prefix = var.settings.is_account_in_bucket_name ? "${local.prefix}-${local.account}" : local.prefix
  namespace     = "${local.listed.project}/${var.environment}"

  name = {
    bucket        = { for key, _ in local.listed.bucket : key => "${local.bucket_prefix}-${key}" }
    database      = { for key, _ in local.listed.database : key => replace("${local.prefix}-${key}", "-", "_") }
    stream        = { for key, _ in local.listed.stream : key => "${local.prefix}-${key}" }
    table         = { for key, _ in local.listed.table : key => "${local.prefix}-${key}" }
    topic         = { for key, _ in local.listed.topic : key => "${local.prefix}-${key}" }
    function      = { for key, _ in local.listed.function : key => "${local.prefix}-${key}" }
    job           = { for key, _ in local.listed.job : key => "${local.prefix}-${key}" }
    state_machine = { for key, _ in local.listed.state_machine : key => "${local.prefix}-${key}" }
    schedule      = { for key, _ in local.listed.schedule : key => "${local.prefix}-${key}" }
    dead_letter   = { for key in local.dead_letter : key => "${local.prefix}-${key}-dead_letter" }
  }

  arn_of = { for service in ["kinesis", "dynamodb", "sns", "sqs", "lambda", "glue", "states", "logs", "events", "cloudwatch", "scheduler"] :
    service => "arn:${local.partition}:${service}:${local.region}:${local.account}"
  }
  arn = {
    bucket        = { for key, name in local.name.bucket : key => "arn:${local.partition}:s3:::${name}" }
    stream        = { for key, name in local.name.stream : key => "${local.arn_of.kinesis}:stream/${name}" }
    table         = { for key, name in local.name.table : key => "${local.arn_of.dynamodb}:table/${name}" }
    topic         = { for key, name in local.name.topic : key => "${local.arn_of.sns}:${name}" }
    function      = { for key, name in local.name.function : key => "${local.arn_of.lambda}:function:${name}" }
    job           = { for key, name in local.name.job : key => "${local.arn_of.glue}:job/${name}" }
    state_machine = { for key, name in local.name.state_machine : key => "${local.arn_of.states}:stateMachine:${name}" }
    dead_letter   = { for key, name in local.name.dead_letter : key => "${local.arn_of.sqs}:${name}" }
  }

  # What is invoked without waiting for the answer keeps what it could not deliver here.
  dead_letter = setunion(keys(local.object_trigger), ["schedule"])

  stream_trigger = { for key, function in local.listed.function : key => function.trigger if can(function.trigger.stream) }
  object_trigger = { for key, function in local.listed.function : key => function.trigger.object_created if can(function.trigger.object_created) }

  tags = merge({ project = local.listed.project, environment = var.environment }, var.tags)
}
