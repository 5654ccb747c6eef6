output "names" {
  description = "Name of each parameter that holds a secret."
  value = merge(module.secrets.names, [for environment, secrets in module.environment_secrets : {
    for key, name in secrets.names : "${environment}/${key}" => name
  }]...)
}
