output "users" {
  description = "Name of each user, by what it is for."
  value       = { for key, user in aws_iam_user.this : key => user.name }
}

output "policies" {
  description = "Policy of each user as JSON, by what it is for."
  value       = { for key, policy in local.policies : key => jsonencode(policy) }
}
