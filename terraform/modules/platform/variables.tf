variable "environment" {
  description = "Name of the environment; it is part of every name, so that two environments share an account without touching."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,11}$", var.environment))
    error_message = "environment is 2 to 12 lower-case letters and digits and starts with a letter, e.g. dev."
  }
}

variable "package" {
  description = "Files that `make package` built: the platform's zip, the zip of the functions' layer and, for jobs without a way to PyPI, the zip of their wheels."
  type = object({
    platform = string
    layer    = string
    wheels   = optional(string)
  })
}

variable "is_account_in_bucket_name" {
  description = "Whether bucket names carry the account; bucket names are global, so only an environment on a laptop does without."
  type        = bool
  default     = true
}

variable "is_bucket_emptied_on_destroy" {
  description = "Whether `terraform destroy` deletes buckets with what they hold. Never where data matters."
  type        = bool
  default     = false
}

variable "engine" {
  description = "What runs the transforms inside a Glue job: duckdb (one machine) or spark."
  type        = string
  default     = "duckdb"

  validation {
    condition     = contains(["duckdb", "spark"], var.engine)
    error_message = "engine is duckdb or spark."
  }
}

variable "job_python_modules" {
  description = "Python packages of the jobs, as Glue installs them from PyPI; unused when package.wheels is given."
  type        = list(string)
  default     = []
}

variable "job_capacity" {
  description = "Glue version, worker type and number of workers of every job."
  type = object({
    glue_version      = optional(string, "5.1")
    worker_type       = optional(string, "G.1X")
    number_of_workers = optional(number, 2)
  })
  default = {}

  validation {
    condition     = startswith(var.job_capacity.glue_version, "5.") && var.job_capacity.number_of_workers >= 2
    error_message = "glue_version is 5.x (Python 3.11, Iceberg) and a job has at least two workers."
  }
}

variable "shard_count" {
  description = "Shards of every stream; null means on demand."
  type        = number
  default     = null
  nullable    = true
}

variable "schedule_state" {
  description = "ENABLED or DISABLED: whether the schedules start runs."
  type        = string
  default     = "ENABLED"

  validation {
    condition     = contains(["ENABLED", "DISABLED"], var.schedule_state)
    error_message = "schedule_state is ENABLED or DISABLED."
  }
}

variable "schedule_expression" {
  description = "Expressions that replace those of platform.json, by schedule."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for expression in values(var.schedule_expression) :
      can(regex("^(cron\\((\\S+ ){5}\\S+\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", expression))
    ])
    error_message = "A schedule is cron(minute hour day-of-month month day-of-week year) with six fields, or rate(n unit)."
  }
}

variable "alert_email" {
  description = "Addresses that receive alerts; each confirms its subscription by mail."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_email : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "alert_email holds mail addresses."
  }
}

variable "log_retention_days" {
  description = "Days that log groups keep what was logged."
  type        = number
  default     = 90

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365, 400, 731], var.log_retention_days)
    error_message = "log_retention_days is one that CloudWatch Logs offers: 7, 14, 30, 60, 90, 180, 365, 400 or 731."
  }
}

variable "alarm_threshold" {
  description = "When alarms ring: age of the stream's oldest unread record, share of records that are quarantined, hours without a finished run."
  type = object({
    iterator_age_minutes = optional(number, 15)
    quarantined_percent  = optional(number, 5)
    freshness_hours      = optional(number, 6)
  })
  default = {}

  validation {
    condition     = var.alarm_threshold.freshness_hours >= 2 && var.alarm_threshold.freshness_hours <= 24
    error_message = "freshness_hours is between 2 and 24: CloudWatch looks back a day, and a run may take more than an hour."
  }
}

variable "budget" {
  description = "Monthly budget in US dollars, or null for none; alerts at 80 % of what was spent and 100 % of what is forecast."
  type        = object({ limit_usd = number })
  default     = null
}

variable "warehouse" {
  description = "The Redshift warehouse to create (see modules/warehouse), or null where there is none or it exists already."
  type = object({
    kind              = optional(string, "serverless")
    vpc_cidr          = optional(string, "10.64.0.0/20")
    base_capacity     = optional(number, 8)
    max_capacity      = optional(number, 32)
    node_type         = optional(string, "ra3.large")
    number_of_nodes   = optional(number, 2)
    is_final_snapshot = optional(bool, true)
  })
  default = null
}

variable "warehouse_settings" {
  description = "How jobs reach a warehouse that this module does not create: host, port, database, iam_role and a way to log in (see cdp/aws/warehouse.py)."
  type        = map(string)
  default     = null
}

variable "tags" {
  description = "Tags of everything, beside project and environment."
  type        = map(string)
  default     = {}
}
