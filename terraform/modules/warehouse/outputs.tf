output "settings" {
  description = "How a job reaches the warehouse, as cdp/aws/warehouse.py reads it."
  value = merge(
    { database = var.database, iam_role = local.role_arn },
    merge([for key, workgroup in aws_redshiftserverless_workgroup.this : {
      host = workgroup.endpoint[0].address, port = tostring(workgroup.endpoint[0].port), workgroup = workgroup.workgroup_name
    }]...),
    merge([for key, cluster in aws_redshift_cluster.this : {
      host = cluster.dns_name, port = tostring(cluster.port), cluster = cluster.cluster_identifier, user = local.loader
    }]...),
  )
}

output "login_statements" {
  description = "Statements of an IAM policy that let a role log in."
  value = concat(
    [for key, workgroup in aws_redshiftserverless_workgroup.this : {
      Effect = "Allow", Action = ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"], Resource = [workgroup.arn]
    }],
    [for key, _ in local.provisioned : {
      Effect = "Allow"
      Action = ["redshift:GetClusterCredentials", "redshift:DescribeClusters"]
      Resource = [for resource in ["dbuser:${var.name}/${local.loader}", "dbname:${var.name}/${var.database}", "cluster:${var.name}"] :
        "arn:${local.partition}:redshift:${local.region}:${local.account}:${resource}"
      ]
    }],
  )
}

output "connection_name" {
  description = "Name of the Glue connection that places a job in the warehouse's network."
  value       = aws_glue_connection.this.name
}
