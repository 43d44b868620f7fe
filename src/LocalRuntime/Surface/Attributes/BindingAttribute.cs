namespace Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

/// <summary>Marks something that is bound to a trigger or an output.</summary>
[AttributeUsage(AttributeTargets.Method)]
public abstract class BindingAttribute : Attribute;
