output "names" {
  description = "Name of each table, by what it holds."
  value       = { for key, table in aws_dynamodb_table.this : key => table.name }
}

output "arns" {
  description = "ARN of each table, by what it holds."
  value       = { for key, table in aws_dynamodb_table.this : key => table.arn }
}
