# What is particular to this environment stands in settings.json.

terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The bucket and its region are the account's: terraform init -backend-config=bucket=… -backend-config=region=…
  backend "s3" {
    key          = "cdp/dev.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

locals {
  settings = jsondecode(file("${path.module}/settings.json"))
}

provider "aws" {
  region = local.settings.region
}

module "platform" {
  source = "../../modules/platform"

  environment                  = "dev"
  package                      = { platform = var.platform_package, layer = var.layer_package, wheels = var.wheels_package }
  is_bucket_emptied_on_destroy = local.settings.is_bucket_emptied_on_destroy
  engine                       = local.settings.engine
  job_capacity                 = local.settings.job_capacity
  schedule_state               = local.settings.schedule_state
  schedule_expression          = local.settings.schedule_expression
  alert_email                  = local.settings.alert_email
  log_retention_days           = local.settings.log_retention_days
  alarm_threshold              = local.settings.alarm_threshold
  budget                       = local.settings.budget
  warehouse                    = local.settings.warehouse
}

output "platform" {
  description = "Names and ARNs that people and programs need."
  value       = module.platform
}
