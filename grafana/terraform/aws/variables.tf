variable "subnet_id" {
  description = "Subnet of the machine; it gives the machine a public address, or not."
  type        = string
}

variable "instance_type" {
  description = "Type of the machine."
  type        = string
  default     = "t3.medium"
}

variable "disk_gib" {
  description = "Disk, of which Prometheus takes at most 20 GB."
  type        = number
  default     = 40
}
