output "names" {
  description = "Name of each queue, by what it carries."
  value       = { for key, queue in aws_sqs_queue.source : key => queue.name }
}

output "dead_letter_names" {
  description = "Name of each dead-letter queue, by what its queue carries."
  value       = { for key, queue in aws_sqs_queue.dead_letter : key => queue.name }
}

output "urls" {
  description = "URL of each queue, by what it carries."
  value       = { for key, queue in aws_sqs_queue.source : key => queue.url }
}

output "dead_letter_urls" {
  description = "URL of each dead-letter queue, by what its queue carries."
  value       = { for key, queue in aws_sqs_queue.dead_letter : key => queue.url }
}
