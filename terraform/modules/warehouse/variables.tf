variable "name" {
  description = "Prefix of every name, project and environment."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,40}$", var.name))
    error_message = "name is lower-case letters, digits and dashes; Redshift takes nothing else."
  }
}

variable "database" {
  description = "Name of the database."
  type        = string
}

variable "role_name" {
  description = "Name of the role with which the warehouse reads load files."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of the key that encrypts the warehouse and its secret."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key; neither its id nor an alias."
  }
}

variable "read_bucket_arns" {
  description = "ARNs of the buckets that the warehouse loads from."
  type        = list(string)

  validation {
    condition     = alltrue([for arn in var.read_bucket_arns : can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.-]+$", arn))])
    error_message = "read_bucket_arns holds ARNs of buckets, without a key."
  }
}

variable "log_retention_days" {
  description = "Days that log groups keep what was logged."
  type        = number
  default     = 90
}

variable "alarm_topic_arn" {
  description = "ARN of the topic that the warehouse's alarms go to."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn is the ARN of a topic."
  }
}

variable "settings" {
  description = "Kind (serverless or provisioned), network and size. daily_rpu_hours: what Serverless may use a day before it takes no more queries. is_final_snapshot: whether destroying keeps a last snapshot."
  type = object({
    kind              = optional(string, "serverless")
    vpc_cidr          = optional(string, "10.64.0.0/20")
    base_capacity     = optional(number, 8)
    max_capacity      = optional(number, 32)
    daily_rpu_hours   = optional(number, 64)
    node_type         = optional(string, "ra3.large")
    number_of_nodes   = optional(number, 2)
    is_final_snapshot = optional(bool, true)
  })
  default = {}

  validation {
    condition     = contains(["serverless", "provisioned"], var.settings.kind)
    error_message = "settings.kind is serverless or provisioned."
  }

  validation {
    condition     = can(cidrsubnet(var.settings.vpc_cidr, 4, 2)) && var.settings.max_capacity >= var.settings.base_capacity
    error_message = "settings.vpc_cidr is a CIDR block of /24 or larger, and max_capacity is at least base_capacity."
  }
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
