output "path" {
  description = "What the names of all parameters begin with."
  value       = var.path
}

output "names" {
  description = "Name of each parameter that Terraform writes, secrets and settings."
  value = merge(
    { for key, parameter in aws_ssm_parameter.secret : key => parameter.name },
    { for key, parameter in aws_ssm_parameter.setting : key => parameter.name },
  )
}
