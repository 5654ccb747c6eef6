resource "terraform_data" "same" { input = "same" }
output "same" { value = terraform_data.same.output }
