output "endpoint" { value = "https://one.example" }
output "gone" { value = 1 }
output "zones" { value = ["a", "b"] }
