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

variable "settings" {
  description = "What is particular to an environment: its settings.json."
  type = object({
    # Bucket names are global; only on a laptop do they go without the account.
    is_account_in_bucket_name = optional(bool, true)
    # Whether `terraform destroy` deletes buckets and ledger with what they hold. Never where data matters.
    is_bucket_emptied_on_destroy = optional(bool, false)
    # What runs the transforms inside a Glue job: duckdb (one machine) or spark.
    engine = optional(string, "duckdb")
    # Python packages of the jobs, as Glue installs them from PyPI; unused when package.wheels is given.
    job_python_modules = optional(list(string), [])
    job_capacity = optional(object({
      glue_version      = optional(string, "5.1")
      worker_type       = optional(string, "G.1X")
      number_of_workers = optional(number, 2)
    }), {})
    # Shards of every stream; null means on demand.
    shard_count = optional(number)
    # ENABLED or DISABLED: whether the schedules start runs.
    schedule_state = optional(string, "ENABLED")
    # Expressions that replace those of platform.json, by schedule.
    schedule_expression = optional(map(string), {})
    # Addresses that receive alerts; each confirms its subscription by mail.
    alert_email        = optional(list(string), [])
    log_retention_days = optional(number, 90)
    # When alarms ring: age of the stream's oldest unread record, share of records quarantined, hours without a finished run.
    alarm_threshold = optional(object({
      iterator_age_minutes = optional(number, 15)
      quarantined_percent  = optional(number, 5)
      freshness_hours      = optional(number, 6)
    }), {})
    # Monthly, in US dollars, or null; alerts at 80 % of what was spent and 100 % of what is forecast.
    budget = optional(object({ limit_usd = number }))
    # The Redshift warehouse to create (see modules/warehouse), or null where there is none or it exists already.
    warehouse = optional(object({
      kind              = optional(string, "serverless")
      vpc_cidr          = optional(string, "10.64.0.0/20")
      base_capacity     = optional(number, 8)
      max_capacity      = optional(number, 32)
      daily_rpu_hours   = optional(number, 64)
      node_type         = optional(string, "ra3.large")
      number_of_nodes   = optional(number, 2)
      is_final_snapshot = optional(bool, true)
    }))
  })
  default = {}

  validation {
    condition     = contains(["duckdb", "spark"], var.settings.engine)
    error_message = "settings.engine is duckdb or spark."
  }

  validation {
    condition     = startswith(var.settings.job_capacity.glue_version, "5.") && var.settings.job_capacity.number_of_workers >= 2
    error_message = "settings.job_capacity: glue_version is 5.x (Python 3.11, Iceberg) and a job has at least two workers."
  }

  validation {
    condition     = contains(["ENABLED", "DISABLED"], var.settings.schedule_state)
    error_message = "settings.schedule_state is ENABLED or DISABLED."
  }

  validation {
    condition = alltrue([
      for expression in values(var.settings.schedule_expression) :
      can(regex("^(cron\\((\\S+ ){5}\\S+\\)|rate\\([1-9][0-9]* (minute|hour|day)s?\\))$", expression))
    ])
    error_message = "settings.schedule_expression holds cron(minute hour day-of-month month day-of-week year) with six fields, or rate(n unit)."
  }

  validation {
    condition     = alltrue([for address in var.settings.alert_email : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "settings.alert_email holds mail addresses."
  }

  validation {
    condition     = contains([7, 14, 30, 60, 90, 180, 365, 400, 731], var.settings.log_retention_days)
    error_message = "settings.log_retention_days is one that CloudWatch Logs offers: 7, 14, 30, 60, 90, 180, 365, 400 or 731."
  }

  validation {
    condition     = var.settings.alarm_threshold.freshness_hours >= 2 && var.settings.alarm_threshold.freshness_hours <= 24
    error_message = "settings.alarm_threshold.freshness_hours is between 2 and 24: CloudWatch looks back a day, and a run may take more than an hour."
  }
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
