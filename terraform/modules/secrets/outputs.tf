output "names" {
  description = "Name of each parameter, by its secret."
  value       = { for key, parameter in aws_ssm_parameter.secret : key => parameter.name }
}
