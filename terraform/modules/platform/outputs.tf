output "bucket_name" {
  description = "Names of the buckets by zone."
  value       = { for key, bucket in aws_s3_bucket.this : key => bucket.bucket }
}

output "stream_name" {
  description = "Names of the streams that producers write to."
  value       = { for key, stream in aws_kinesis_stream.this : key => stream.name }
}

output "function_arn" {
  description = "ARNs of the functions."
  value       = { for key, function in aws_lambda_function.this : key => function.arn }
}

output "job_name" {
  description = "Names of the Glue jobs."
  value       = { for key, job in aws_glue_job.this : key => job.name }
}

output "state_machine_arn" {
  description = "ARNs of the state machines."
  value       = { for key, machine in aws_sfn_state_machine.this : key => machine.arn }
}

output "alert_topic_arn" {
  description = "ARN of the topic that every alarm and failure goes to."
  value       = aws_sns_topic.this["alert"].arn
}

output "warehouse_settings" {
  description = "How jobs reach the warehouse, or null."
  value       = local.warehouse_settings
}
