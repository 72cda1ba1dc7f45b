variable "region" {
  description = "Region of the machine: one with the Metadata service, from which it reads its settings."
  type        = string
  default     = "us-ord"
}

variable "instance_type" {
  description = "Type of the machine; the disk comes with it, and Prometheus takes at most 20 GB."
  type        = string
  default     = "g6-standard-2"
}
