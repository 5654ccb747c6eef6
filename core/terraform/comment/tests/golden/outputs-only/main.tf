output "endpoint" { value = "https://two.example" }
output "zones" { value = ["a", "b", "c"] }
output "added" { value = { port = 443 } }
