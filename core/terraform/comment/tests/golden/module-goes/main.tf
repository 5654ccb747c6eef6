output "still_here" { value = true }
