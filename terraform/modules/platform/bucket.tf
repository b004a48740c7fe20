locals {
  # What cannot be computed again is versioned. Iceberg tables are not: their snapshots keep the past, and an erasure
  # must reach the bytes. Iceberg's files are never expired by age: a table decides which of its files it needs.
  versioned = ["raw", "quarantine", "artefact"]

  # Raw and quarantine hold copies: they go, old versions too, before the shortest retention that a contract of a clean
  # table states (slaProperties), or sooner. An unquoted y is true to yamldecode.
  contracts = "${local.root}/data_quality/datasets"
  retention_days = { for file in fileset(local.contracts, "clean.*.yml") : trimsuffix(file, ".yml") => [
    for property in yamldecode(file("${local.contracts}/${file}")).slaProperties :
    property.value * { d = 1, M = 30, true = 365 }[tostring(property.unit)] if property.property == "retention"
  ][0] }
  noncurrent_days = 30
  copy_days       = min(values(local.retention_days)...) - local.noncurrent_days

  lifecycle = {
    raw        = { cheaper_days = 30, archive_days = 90, expire_days = min(400, local.copy_days) }
    clean      = { cheaper_days = null, archive_days = null, expire_days = null }
    identity   = { cheaper_days = null, archive_days = null, expire_days = null }
    curated    = { cheaper_days = null, archive_days = null, expire_days = null }
    quarantine = { cheaper_days = 30, archive_days = null, expire_days = min(180, local.copy_days) }
    artefact   = { cheaper_days = null, archive_days = null, expire_days = null }
    log        = { cheaper_days = 30, archive_days = null, expire_days = 365 }
  }

  announcing = toset([for trigger in values(local.object_trigger) : trigger.bucket])

  # S3 writes its access logs only to a bucket with S3's own encryption.
  encrypted = { for key, name in local.name.bucket : key => name if key != "log" }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV2_AWS_61:every bucket has its rules in aws_s3_bucket_lifecycle_configuration.this
  #checkov:skip=CKV_AWS_21:Iceberg tables keep their past in snapshots, and an erasure must reach the bytes; see local.versioned
  #checkov:skip=CKV_AWS_144:raw can be replayed into every table; a second region is a decision of the business that runs it
  for_each = local.name.bucket

  bucket        = each.value
  force_destroy = var.settings.is_bucket_emptied_on_destroy

  tags = merge(local.tags, { description = replace(local.listed.bucket[each.key], "/[^A-Za-z0-9 +=.,_:/@-]/", "") })
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.name.bucket

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.name.bucket

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.name.bucket

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = each.key != "log"

    apply_server_side_encryption_by_default {
      sse_algorithm     = each.key == "log" ? "AES256" : "aws:kms"
      kms_master_key_id = each.key == "log" ? null : aws_kms_key.this.arn
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = toset(local.versioned)

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  #checkov:skip=CKV_AWS_300:rule leftovers aborts uploads after three days; checkov cannot work out the days that contracts state
  for_each = local.lifecycle

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 3
    }

    noncurrent_version_expiration {
      noncurrent_days = local.noncurrent_days
    }
  }

  dynamic "rule" {
    for_each = each.value.expire_days == null ? [] : [each.value]

    content {
      id     = "age"
      status = "Enabled"

      filter {}

      dynamic "transition" {
        for_each = { for class, days in { STANDARD_IA = rule.value.cheaper_days, GLACIER_IR = rule.value.archive_days } : class => days if try(days < rule.value.expire_days, false) }

        content {
          storage_class = transition.key
          days          = transition.value
        }
      }

      expiration {
        days = rule.value.expire_days
      }
    }
  }

  dynamic "rule" {
    for_each = each.key == "curated" && local.is_spark ? ["work/"] : []

    content {
      id     = "engine-steps"
      status = "Enabled"

      filter {
        prefix = rule.value
      }

      expiration {
        days = 1
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_logging" "this" {
  for_each = local.encrypted

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["log"].id
  target_prefix = "s3/${each.key}/"

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_notification" "this" {
  for_each = local.announcing

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.name.bucket

  bucket = aws_s3_bucket.this[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:*"
        Resource  = [local.arn.bucket[each.key], "${local.arn.bucket[each.key]}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      }],
      [for key in [aws_kms_key.this.arn] : {
        Sid       = "DenyOtherEncryption"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:PutObject"
        Resource  = ["${local.arn.bucket[each.key]}/*"]
        # A request that says nothing gets the bucket's default, our key. Without Null it would be denied: a negated
        # operator holds for what a request does not have.
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
        }
      } if each.key != "log"],
      [for key in [aws_kms_key.this.arn] : {
        Sid       = "DenyOtherKey"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "s3:PutObject"
        Resource  = ["${local.arn.bucket[each.key]}/*"]
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = key }
        }
      } if each.key != "log"],
      [for service in ["logging.s3.amazonaws.com"] : {
        Sid       = "AccessLogs"
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "s3:PutObject"
        Resource  = "${local.arn.bucket[each.key]}/*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      } if each.key == "log"],
    )
  })

  depends_on = [aws_s3_bucket_public_access_block.this]
}
