output "state_bucket" {
  description = <<-EOT
    Bucket for the states:
    terraform -chdir=terraform/aws init -backend-config=bucket=<this> -backend-config=region=<region>
  EOT
  value       = aws_s3_bucket.state.bucket
}

output "role_arns" {
  description = "ARN of each role, by its purpose."
  value       = { for key, role in aws_iam_role.this : key => role.arn }
}

output "repository_variables" {
  description = "What the repository's variables at GitHub are set to: gh variable set NAME --body VALUE"
  value = {
    TERRAFORM_STATE_BUCKET     = local.bucket
    AWS_PLAN_ROLE_ARN          = aws_iam_role.this["plan"].arn
    AWS_APPLY_ROLE_ARN         = aws_iam_role.this["apply"].arn
    AWS_BUILD_ROLE_ARN         = aws_iam_role.this["build-push"].arn
    AWS_REGISTRY_READ_ROLE_ARN = aws_iam_role.this["registry-read"].arn
    AWS_RETAIN_ROLE_ARN        = aws_iam_role.this["retain"].arn
  }
}

output "trust_policies" {
  description = "Trust policy of each role as JSON, by its purpose."
  value       = { for key, role in aws_iam_role.this : key => role.assume_role_policy }
}

output "policies" {
  description = "Rights of each role as JSON, by its purpose, and the boundary of the users."
  value = merge(
    { for key, policy in aws_iam_role_policy.this : key => policy.policy },
    { boundary = aws_iam_policy.boundary.policy },
  )
}
